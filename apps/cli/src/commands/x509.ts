import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { writeNewFile } from "../new-file.ts";
import { printFacts, printRows } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

type Item = Readonly<Record<string, unknown>>;

/** `trine x509 ...`: X.509 certificates of devices, and the CAs that vouch for them. */
export function addX509Commands(program: Command): void {
  const x509 = program.command("x509").description("X.509 certificates of devices, and the CAs that vouch for them");
  addAuthorityCommands(x509);

  x509
    .command("list <productKey> <deviceName>")
    .description("List the certificates of a device")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await api.call<{ items: Item[] }>("GET", ofDevice(productKey, deviceName));
      printRows(items, { json, columns: ["fingerprint", "origin", "subject", "notAfter", "firstUsedAt", "revokedAt"] });
    });

  x509
    .command("issue <productKey> <deviceName>")
    .description("Have Trine's own CA issue a certificate, for a new key or for a request")
    .requiredOption("--out <file>", "where certificate and CA go, PEM; it must not be there yet")
    .option("--request <file>", "a certification request (PKCS #10, PEM): the key stays where it was made")
    .option("--key-out <file>", "where the new private key goes; needed without --request")
    .option("--key-type <type>", "ec-p256 or rsa-2048, for old mbed TLS")
    .option("--days <days>", "how long it holds", wholeNumber)
    .action(async (productKey: string, deviceName: string, options: IssueOptions, command: Command) => {
      await issue(`${ofDevice(productKey, deviceName)}/issue`, options, command);
    });

  x509
    .command("renew <productKey> <deviceName> <fingerprint>")
    .description("Issue the follower of a certificate; both work until the older one ends or is revoked")
    .requiredOption("--out <file>", "where certificate and CA go, PEM; it must not be there yet")
    .option("--request <file>", "a certification request, for another key")
    .option("--key-out <file>", "where a new private key goes; needed with --key-type")
    .option("--key-type <type>", "make a new key: ec-p256 or rsa-2048 (default: for the same key)")
    .option("--days <days>", "how long it holds", wholeNumber)
    .action(async (productKey: string, deviceName: string, print: string, options: IssueOptions, command: Command) => {
      await issue(
        `${ofDevice(productKey, deviceName)}${path`/${print}`}/renew`,
        { ...options, sameKey: true },
        command,
      );
    });

  x509
    .command("bind <productKey> <deviceName>")
    .description("Bind a certificate to a device, whoever signed it")
    .option("--certificate <file>", "the certificate, PEM")
    .option("--fingerprint <hex>", "its SHA-256, where the certificate itself is not at hand")
    .action(async (productKey: string, deviceName: string, options: BindOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const { certificate, fingerprint } = options;
      if ((certificate === undefined) === (fingerprint === undefined))
        throw new CliError("give either --certificate or --fingerprint");
      const body = certificate === undefined ? { fingerprint } : { certificate: read(certificate) };
      printFacts(await api.call("POST", ofDevice(productKey, deviceName), body), json);
    });

  x509
    .command("revoke <productKey> <deviceName> <fingerprint>")
    .description("Revoke a certificate, and close what it opened on every node")
    .option("--why <text>", "the reason, for the record")
    .action(
      async (productKey: string, deviceName: string, print: string, { why }: { why?: string }, command: Command) => {
        const { api, json } = contextOf(command);
        const route = `${ofDevice(productKey, deviceName)}${path`/${print}`}/revoke`;
        printFacts(await api.call("POST", route, why === undefined ? {} : { why }), json);
      },
    );
}

function addAuthorityCommands(x509: Command): void {
  const authorities = x509.command("ca").description("CAs whose certificates count for the devices of a product");

  authorities
    .command("own")
    .description("Print the certificate of Trine's own CA (PEM); it is made when it is asked for first")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const own = await api.call<Item & { certificate: string }>("GET", "/v1/x509/authority");
      if (json) printFacts(own, true);
      else process.stdout.write(own.certificate);
    });

  authorities
    .command("add <productKey> <file>")
    .description("Trust a CA (PEM) for the devices of a product")
    .action(async (productKey: string, file: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("POST", ofProduct(productKey), { certificate: read(file) }), json);
    });

  authorities
    .command("list <productKey>")
    .description("List the CAs of a product")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await api.call<{ items: Item[] }>("GET", ofProduct(productKey));
      printRows(items, { json, columns: ["fingerprint", "subject", "notAfter"] });
    });

  authorities
    .command("remove <productKey> <fingerprint>")
    .description("Trust a CA no longer; sessions that it vouched for are closed")
    .action(async (productKey: string, print: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(
        (await api.call<Item | undefined>("DELETE", `${ofProduct(productKey)}${path`/${print}`}`)) ?? {},
        json,
      );
    });
}

interface IssueOptions {
  readonly out: string;
  readonly request?: string;
  readonly keyOut?: string;
  readonly keyType?: string;
  readonly days?: number;
  /** Of a renewal: without a request and a kind of key no key is made. */
  readonly sameKey?: boolean;
}

interface BindOptions {
  readonly certificate?: string;
  readonly fingerprint?: string;
}

interface Issued extends Item {
  readonly certificate: string;
  readonly authority: string;
  readonly privateKey?: string;
}

async function issue(route: string, options: IssueOptions, command: Command): Promise<void> {
  const { out, request, keyOut, keyType, days, sameKey = false } = options;
  const { api, json } = contextOf(command);
  const makesKey = request === undefined && !(sameKey && keyType === undefined);
  // The key is told once: it must have somewhere to go.
  if (makesKey && keyOut === undefined) throw new CliError("give --key-out, the file where the private key goes");
  const order = {
    ...(request === undefined ? {} : { request: read(request) }),
    ...(keyType === undefined ? {} : { keyType }),
    ...(days === undefined ? {} : { validDays: days }),
  };
  const { certificate, authority, privateKey, ...facts } = await api.call<Issued>("POST", route, order);
  if (privateKey !== undefined && keyOut !== undefined) writeNewFile(keyOut, privateKey);
  writeNewFile(out, `${certificate.trimEnd()}\n${authority.trimEnd()}\n`);
  printFacts({ ...facts, certificate: out, ...(privateKey === undefined ? {} : { privateKey: keyOut }) }, json);
}

function ofDevice(productKey: string, deviceName: string): string {
  return path`/v1/products/${productKey}/devices/${deviceName}/x509`;
}

function ofProduct(productKey: string): string {
  return path`/v1/products/${productKey}/x509/authorities`;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
