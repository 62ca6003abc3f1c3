"""The programs that launchers run: servers that are libraries need one."""
