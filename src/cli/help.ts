export function printHelp(_a: string) {}
