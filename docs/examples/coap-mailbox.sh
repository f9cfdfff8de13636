#!/usr/bin/env bash
# Logs a device in over CoAP without encryption, prints the next message from an application and acknowledges it. Needs libcoap's client,
# openssl and base64. Waits up to 30 s for a message, asking once a second; COAP_CLIENT -s 30 on /mailbox would observe instead.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and COAP_PORT if they are not 127.0.0.1 and 5683; COAP_CLIENT is the name
# of the client: Debian calls it coap-client-notls, coap-client-openssl or coap-client-gnutls.
set -euo pipefail

client=${COAP_CLIENT:-coap-client}
url="coap://${HOST:-127.0.0.1}:${COAP_PORT:-5683}"
client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

login=$("$client" -B 10 -m post -t 50 "$url/auth" -e "{\"productKey\":\"$PRODUCT_KEY\",\"deviceName\":\"$DEVICE_NAME\",\
\"clientId\":\"$client_id\",\"signmethod\":\"hmacsha256\",\"sign\":\"$mac\"}" 2>&1)
token=$(printf %s "$login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "the login was refused: $login" >&2; exit 1; }

# {} says that nothing waits. A message is {"messageId":"...","topic":"...","payload":"..."}, the payload in base64.
for _ in $(seq 30); do
  message=$("$client" -B 10 -m get -O "2088,$token" "$url/mailbox" 2>&1)
  [ "$message" = "{}" ] || break
  sleep 1
done
id=$(printf %s "$message" | sed -n 's/^{"messageId":"\([0-9]*\)".*/\1/p')
[ -n "$id" ] || { echo "no message: $message" >&2; exit 1; }
printf %s "$message" | sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' | base64 -d

# Until this is answered the message stays in the mailbox, and would be read again.
answer=$("$client" -B 10 -m delete -O "2088,$token" "$url/mailbox/$id" 2>&1)
[ -z "$answer" ] || { echo "not acknowledged: $answer" >&2; exit 1; }
