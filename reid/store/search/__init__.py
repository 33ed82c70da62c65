"""The search: FAISS files, filters, feature maps; derived from the catalogue."""
