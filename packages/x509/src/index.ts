export { createX509Issuer } from "./create-x509-issuer.ts";
