export const SCHEMAS: Record<string, string> = {};
