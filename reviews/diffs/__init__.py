"""The diff of one file, from git's bytes to table rows. No Django: everything here is plain functions on plain data."""
