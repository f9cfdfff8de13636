export type { CertificateMaterial } from "./engine/engine.ts";
