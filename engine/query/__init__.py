"""Pure: the one filter language, for rows and for packets."""
