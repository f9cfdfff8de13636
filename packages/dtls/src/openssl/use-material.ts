import type { CertificateMaterial } from "../engine/engine.ts";
import { COMMAND } from "./constants.ts";
import { memoryBioOf } from "./memory-bio.ts";
import { expectOne, takeFault } from "./openssl-error.ts";
import type { OpenSsl, Pointer } from "./symbols.ts";

// OpenSSL would ask a terminal for one.
const NO_PASSPHRASE = Buffer.alloc(1);

/** Has a context show a certificate. @throws EngineFault when it, or its key, cannot be used. */
export function useMaterial(openSsl: OpenSsl, context: Pointer, { chain, key }: CertificateMaterial): void {
  const certificates = memoryBioOf(openSsl, Buffer.from(chain));
  const keys = memoryBioOf(openSsl, Buffer.from(key));
  try {
    const own = openSsl.PEM_read_bio_X509(certificates, null, null, NO_PASSPHRASE);
    expectPointer(openSsl, own);
    expectOne(openSsl, openSsl.SSL_CTX_use_certificate(context, own));
    openSsl.X509_free(own);
    for (let next = readNext(); next; next = readNext()) {
      // The context owns it from here on.
      expectOne(openSsl, openSsl.SSL_CTX_ctrl(context, COMMAND.addChainCertificate, 0, next));
    }
    const privateKey = openSsl.PEM_read_bio_PrivateKey(keys, null, null, NO_PASSPHRASE);
    expectPointer(openSsl, privateKey);
    expectOne(openSsl, openSsl.SSL_CTX_use_PrivateKey(context, privateKey));
    openSsl.EVP_PKEY_free(privateKey);
    expectOne(openSsl, openSsl.SSL_CTX_check_private_key(context));
  } finally {
    openSsl.BIO_free(certificates);
    openSsl.BIO_free(keys);
    openSsl.ERR_clear_error();
  }

  function readNext(): Pointer {
    return openSsl.PEM_read_bio_X509(certificates, null, null, NO_PASSPHRASE);
  }
}

function expectPointer(openSsl: OpenSsl, pointer: Pointer): void {
  if (pointer === null) throw takeFault(openSsl);
}
