export async function dispatch(_a: string[]) {}
