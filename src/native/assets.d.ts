/** Files embedded by `with { type: "file" }`: their path inside the executable. */
declare module "*/libmxc" {
  const path: string;
  export default path;
}
