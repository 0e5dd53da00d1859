"""Files that are written whole, large arrays on disk, downloads."""
