"""Values as JSON, CSV and other formats."""
