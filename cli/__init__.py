"""The command tmdb-traction: what a person does to a deployment, from a terminal.

`commands` has one file per command. What a command decides is pure, in `runs`, `costs`
and `deployment`. `command` gives every command its conventions, `options` what they
share, `errors` the exit codes, `environment` opens a deployment, `output` prints.
"""
