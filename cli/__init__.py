"""The command line tmdb-traction, which operates a deployment.

`commands` has one file per command. Decisions are pure functions in `runs`, `costs` and
`deployment`. `command` has the conventions of all commands, `options` their common
options, `errors` the exit codes; `environment` opens a deployment, `output` prints.
"""
