"""Quality control: what is measured of every rendition, the verdict, the report, and what people decide."""
