import type { LibraryHandle } from "koffi";

/** An address in native memory; null is none. */
export type Pointer = bigint | null;

/**
 * What is called of OpenSSL 3, each with its C signature. A wrong one crashes the process, so they stand here alone, side by side with their
 * types; `npm test` runs them all on this node.
 */
const SIGNATURES = {
  DTLS_server_method: "void* DTLS_server_method()",
  DTLS_client_method: "void* DTLS_client_method()",
  SSL_CTX_new: "void* SSL_CTX_new(void* method)",
  SSL_CTX_free: "void SSL_CTX_free(void* context)",
  SSL_CTX_ctrl: "long SSL_CTX_ctrl(void* context, int command, long number, void* pointer)",
  SSL_CTX_set_options: "uint64_t SSL_CTX_set_options(void* context, uint64_t options)",
  SSL_CTX_set_cipher_list: "int SSL_CTX_set_cipher_list(void* context, const char* list)",
  SSL_CTX_use_certificate: "int SSL_CTX_use_certificate(void* context, void* certificate)",
  SSL_CTX_use_PrivateKey: "int SSL_CTX_use_PrivateKey(void* context, void* key)",
  SSL_CTX_check_private_key: "int SSL_CTX_check_private_key(void* context)",
  SSL_CTX_set_verify: "void SSL_CTX_set_verify(void* context, int mode, void* callback)",
  SSL_CTX_set_cert_verify_callback:
    "void SSL_CTX_set_cert_verify_callback(void* context, void* callback, void* argument)",
  SSL_CTX_set_psk_server_callback: "void SSL_CTX_set_psk_server_callback(void* context, void* callback)",
  SSL_CTX_set_psk_client_callback: "void SSL_CTX_set_psk_client_callback(void* context, void* callback)",
  SSL_CTX_set_cookie_generate_cb: "void SSL_CTX_set_cookie_generate_cb(void* context, void* callback)",
  SSL_CTX_set_cookie_verify_cb: "void SSL_CTX_set_cookie_verify_cb(void* context, void* callback)",
  SSL_new: "void* SSL_new(void* context)",
  SSL_free: "void SSL_free(void* session)",
  SSL_set_bio: "void SSL_set_bio(void* session, void* input, void* output)",
  SSL_set_accept_state: "void SSL_set_accept_state(void* session)",
  SSL_set_connect_state: "void SSL_set_connect_state(void* session)",
  SSL_do_handshake: "int SSL_do_handshake(void* session)",
  SSL_get_error: "int SSL_get_error(void* session, int result)",
  SSL_read: "int SSL_read(void* session, void* bytes, int length)",
  SSL_write: "int SSL_write(void* session, void* bytes, int length)",
  SSL_ctrl: "long SSL_ctrl(void* session, int command, long number, void* pointer)",
  DTLSv1_listen: "int DTLSv1_listen(void* session, void* address)",
  SSL_shutdown: "int SSL_shutdown(void* session)",
  SSL_get_pending_cipher: "void* SSL_get_pending_cipher(void* session)",
  SSL_get_current_cipher: "void* SSL_get_current_cipher(void* session)",
  SSL_CIPHER_get_name: "const char* SSL_CIPHER_get_name(void* cipher)",
  SSL_get0_peer_certificate: "void* SSL_get0_peer_certificate(void* session)",
  SSL_get_peer_cert_chain: "void* SSL_get_peer_cert_chain(void* session)",
  OPENSSL_sk_num: "int OPENSSL_sk_num(void* stack)",
  OPENSSL_sk_value: "void* OPENSSL_sk_value(void* stack, int index)",
  BIO_new: "void* BIO_new(void* method)",
  BIO_s_mem: "void* BIO_s_mem()",
  BIO_free: "int BIO_free(void* bio)",
  BIO_write: "int BIO_write(void* bio, void* bytes, int length)",
  BIO_read: "int BIO_read(void* bio, void* bytes, int length)",
  BIO_ctrl: "long BIO_ctrl(void* bio, int command, long number, void* pointer)",
  BIO_ADDR_new: "void* BIO_ADDR_new()",
  PEM_read_bio_X509: "void* PEM_read_bio_X509(void* bio, void* into, void* callback, void* passphrase)",
  PEM_read_bio_PrivateKey: "void* PEM_read_bio_PrivateKey(void* bio, void* into, void* callback, void* passphrase)",
  X509_free: "void X509_free(void* certificate)",
  EVP_PKEY_free: "void EVP_PKEY_free(void* key)",
  i2d_X509_bio: "int i2d_X509_bio(void* bio, void* certificate)",
  ERR_get_error: "unsigned long ERR_get_error()",
  ERR_clear_error: "void ERR_clear_error()",
  ERR_error_string_n: "void ERR_error_string_n(unsigned long code, void* bytes, size_t length)",
} as const;

type Bytes = Uint8Array | Pointer;

/** The functions of OpenSSL that are called, by their names. */
export interface OpenSsl {
  DTLS_server_method(): Pointer;
  DTLS_client_method(): Pointer;
  SSL_CTX_new(method: Pointer): Pointer;
  SSL_CTX_free(context: Pointer): void;
  SSL_CTX_ctrl(context: Pointer, command: number, number: number, pointer: Bytes): number;
  SSL_CTX_set_options(context: Pointer, options: bigint): number | bigint;
  SSL_CTX_set_cipher_list(context: Pointer, list: string): number;
  SSL_CTX_use_certificate(context: Pointer, certificate: Pointer): number;
  SSL_CTX_use_PrivateKey(context: Pointer, key: Pointer): number;
  SSL_CTX_check_private_key(context: Pointer): number;
  SSL_CTX_set_verify(context: Pointer, mode: number, callback: Pointer): void;
  SSL_CTX_set_cert_verify_callback(context: Pointer, callback: Pointer, argument: Pointer): void;
  SSL_CTX_set_psk_server_callback(context: Pointer, callback: Pointer): void;
  SSL_CTX_set_psk_client_callback(context: Pointer, callback: Pointer): void;
  SSL_CTX_set_cookie_generate_cb(context: Pointer, callback: Pointer): void;
  SSL_CTX_set_cookie_verify_cb(context: Pointer, callback: Pointer): void;
  SSL_new(context: Pointer): Pointer;
  SSL_free(session: Pointer): void;
  SSL_set_bio(session: Pointer, input: Pointer, output: Pointer): void;
  SSL_set_accept_state(session: Pointer): void;
  SSL_set_connect_state(session: Pointer): void;
  SSL_do_handshake(session: Pointer): number;
  SSL_get_error(session: Pointer, result: number): number;
  SSL_read(session: Pointer, bytes: Uint8Array, length: number): number;
  SSL_write(session: Pointer, bytes: Uint8Array, length: number): number;
  SSL_ctrl(session: Pointer, command: number, number: number, pointer: Bytes): number;
  DTLSv1_listen(session: Pointer, address: Pointer): number;
  SSL_shutdown(session: Pointer): number;
  SSL_get_pending_cipher(session: Pointer): Pointer;
  SSL_get_current_cipher(session: Pointer): Pointer;
  SSL_CIPHER_get_name(cipher: Pointer): string;
  SSL_get0_peer_certificate(session: Pointer): Pointer;
  SSL_get_peer_cert_chain(session: Pointer): Pointer;
  OPENSSL_sk_num(stack: Pointer): number;
  OPENSSL_sk_value(stack: Pointer, index: number): Pointer;
  BIO_new(method: Pointer): Pointer;
  BIO_s_mem(): Pointer;
  BIO_free(bio: Pointer): number;
  BIO_write(bio: Pointer, bytes: Uint8Array, length: number): number;
  BIO_read(bio: Pointer, bytes: Uint8Array, length: number): number;
  BIO_ctrl(bio: Pointer, command: number, number: number, pointer: Pointer): number;
  BIO_ADDR_new(): Pointer;
  PEM_read_bio_X509(bio: Pointer, into: Pointer, callback: Pointer, passphrase: Bytes): Pointer;
  PEM_read_bio_PrivateKey(bio: Pointer, into: Pointer, callback: Pointer, passphrase: Bytes): Pointer;
  X509_free(certificate: Pointer): void;
  EVP_PKEY_free(key: Pointer): void;
  i2d_X509_bio(bio: Pointer, certificate: Pointer): number;
  ERR_get_error(): number | bigint;
  ERR_clear_error(): void;
  ERR_error_string_n(code: number | bigint, bytes: Uint8Array, length: number): void;
}

/** Finds every function. @throws when one of them is missing. */
export function bindOpenSsl(library: LibraryHandle): OpenSsl {
  const bound = Object.entries(SIGNATURES).map(([name, signature]) => [name, library.func(signature)]);
  return Object.fromEntries(bound) as OpenSsl;
}
