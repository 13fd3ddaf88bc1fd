"""The running platform: settings, addresses, Celery and the embedded database."""
