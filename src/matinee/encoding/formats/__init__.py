"""Bytes of files: what a master may be, MP4 boxes, CMAF packaging, codec strings, playlists and captions."""
