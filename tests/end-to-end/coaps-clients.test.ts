import { type DeviceCertificate, signCoapLogin, signPsk } from "@trine/device";
import { describe, expect, it } from "vitest";
import { topicOf } from "../src/fleet.ts";
import { type CommandResult, runCommand } from "../src/run-command.ts";
import { shareInstallation } from "../src/shared-installation.ts";

const CLEAN = { code: 0, stderr: "" };

describe("clients over DTLS", () => {
  const trine = shareInstallation("embedded");

  type Ask = (method: string, path: string, ...more: readonly string[]) => Promise<CommandResult>;

  /** libcoap's client, with a pre-shared key or with the CA of the gateway. */
  const client =
    (program: string, security: readonly string[]): Ask =>
    (method, path, ...more) =>
      // Nothing that goes well is told but the answer.
      runCommand([
        program,
        "-v",
        "3",
        "-m",
        method,
        "-B",
        "10",
        ...security,
        ...more,
        `coaps://127.0.0.1:${trine.ports.coaps}${path}`,
      ]);

  const byKey = (certificate: DeviceCertificate) => {
    const { identity, key } = signPsk(certificate);
    return ["-u", identity, "-k", key.toString("ascii")];
  };

  async function exchange(ask: Ask, certificate: DeviceCertificate): Promise<void> {
    const answer = await ask("post", "/auth", "-t", "50", "-e", signCoapLogin(certificate));
    expect(answer, answer.stderr).toMatchObject(CLEAN);
    const { token, ...more } = JSON.parse(answer.stdout) as { token: string };
    expect(more).toEqual({});
    const withToken = ["-O", `2088,${token}`];
    const topic = `/topic${topicOf(certificate, "user/update")}`;
    expect(await ask("post", topic, "-t", "42", "-e", "up", ...withToken)).toMatchObject(CLEAN);
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "up" }]);
    await trine.send(certificate, topicOf(certificate, "user/get"), "down");
    const down = await ask("get", "/mailbox", ...withToken);
    expect(Buffer.from((JSON.parse(down.stdout) as { payload: string }).payload, "base64").toString()).toBe("down");
  }

  describe.each(["coap-client-openssl", "coap-client-gnutls"])("%s", (program) => {
    it("with a pre-shared key logs in and exchanges messages", async () => {
      const certificate = await trine.addDevice();
      await exchange(client(program, byKey(certificate)), certificate);
    });

    it("with the gateway's certificate logs in and exchanges messages", async () => {
      const certificate = await trine.addDevice();
      await exchange(client(program, ["-R", trine.caFile]), certificate);
    });

    it("with a wrong key gets no session, and with another device's no login", async () => {
      const [certificate, other] = [await trine.addDevice(), await trine.addDevice()];
      const login = ["-t", "50", "-e", signCoapLogin(certificate)];
      const { identity } = signPsk(certificate);
      const wrong = await client(program, ["-u", identity, "-k", "wrong"])("post", "/auth", "-B", "4", ...login);
      expect(wrong.stdout).toContain("cannot send");
      const another = await client(program, byKey(other))("post", "/auth", ...login);
      expect(another.stderr).toMatch(/4\.01/);
    });
  });

  it.each(["PSK-AES128-CBC-SHA", "AES256-SHA256"])("OpenSSL agrees on %s alone", async (suite) => {
    const { identity, key } = signPsk(await trine.addDevice());
    const security = suite.startsWith("PSK")
      ? ["-psk_identity", identity, "-psk", key.toString("hex")]
      : ["-CAfile", trine.caFile, "-verify_return_error"];
    const connect = ["-dtls1_2", "-connect", `127.0.0.1:${trine.ports.coaps}`, "-cipher", `${suite}:@SECLEVEL=0`];
    const said = await runCommand([
      "sh",
      "-c",
      'sleep 1 | exec openssl "$@"',
      "sh",
      "s_client",
      ...connect,
      ...security,
    ]);
    expect(said.stdout).toContain(`Cipher is ${suite}`);
  });
});
