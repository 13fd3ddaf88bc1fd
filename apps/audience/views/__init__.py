"""Pages of customers, of files of them on their way in, and of segments."""
