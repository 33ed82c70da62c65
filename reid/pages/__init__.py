"""Results as HTML and plots. The only jinja2 and matplotlib; knows records, no verb."""
