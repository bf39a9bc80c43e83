# Tries: to learn about the caller from what its shell shows: variables, working folder, home.
# Fails because: the environment is the policy's, and the folder one of the sandbox.
# Stopped by: the plan.
. "$PROGRAM/attack.sh"

twin "print the environment" env
attempt "the caller's secret" sh -c 'env | grep MXC_CALLER'
attempt "the caller's home" sh -c '[ -n "$HOME" ] && ls "$HOME"'
attempt "the old folder" sh -c '[ -n "$OLDPWD" ] && echo "$OLDPWD"'
attempt "another program's variables" sh -c 'cat /proc/1/environ | grep -a . '
verdict
