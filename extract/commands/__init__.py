"""The commands of the command line, one a file: what it takes and what it says, nothing else."""
