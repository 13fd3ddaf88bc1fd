"""Mail engines side by side: settings, a source, a sink and one runner for all of them."""
