"""Stage three: from recognised sections to records with their source spans, and the questions they raise."""
