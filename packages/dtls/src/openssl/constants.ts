/** Numbers of OpenSSL 3's headers, which its functions take and give. */

export const COMMAND = {
  setMtu: 17,
  setMode: 33,
  setSessionCacheMode: 44,
  setMaxSendFragment: 52,
  handleTimeout: 74,
  addChainCertificate: 89,
  setGroupsList: 92,
  setSignatureAlgorithmsList: 98,
  setMinProtocol: 123,
  setMaxProtocol: 124,
} as const;

/** BIO_C_SET_BUF_MEM_EOF_RETURN. */
export const SET_EOF_RETURN = 130;

/** What SSL_get_error says. */
export const OUTCOME = { wantRead: 2, wantWrite: 3, closed: 6 } as const;

export const DTLS_1_2 = 0xfefd;
export const SESSION_CACHE_OFF = 0;
export const MODE_RELEASE_BUFFERS = 0x10;
export const VERIFY_PEER = 1;

export const OPTIONS =
  (1n << 12n) | // NO_QUERY_MTU: the MTU is a setting
  (1n << 13n) | // COOKIE_EXCHANGE
  (1n << 14n) | // NO_TICKET
  (1n << 22n) | // CIPHER_SERVER_PREFERENCE
  (1n << 30n); // NO_RENEGOTIATION

export const REASON_MASK = 0x7f_ffff;
export const REASON_NO_SHARED_CIPHER = 193;
/** From here on a reason is an alert of the other side. */
export const REASON_ALERTS = 1000;
