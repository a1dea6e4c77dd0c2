"""Test sets out of files as they are distributed, audited, into one folder of ours."""
