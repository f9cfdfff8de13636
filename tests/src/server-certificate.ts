import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** Makes an RSA certificate of its own for this machine, as an operator would. @returns the files, in PEM. */
export async function makeServerCertificate(
  folder: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const files = { certificate: join(folder, "server.crt"), key: join(folder, "server.key") };
  const asked = ["-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const { code, stderr } = await runCommand([
    "openssl",
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    "rsa:2048",
    "-keyout",
    files.key,
    "-out",
    files.certificate,
    ...asked,
  ]);
  if (code !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  return files;
}
