"""The web pages of the service, made on the server: they show what the API answers, and work without a script."""
