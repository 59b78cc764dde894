"""The window itself: layout, keys and actions, annotation, settings."""
