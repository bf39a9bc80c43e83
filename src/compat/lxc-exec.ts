export async function lxcExec(_a: string[]) {}
