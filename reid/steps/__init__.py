"""The flow, one noun a file: photo -> species -> embedding -> search -> decision -> sighting."""
