#!/usr/bin/env bash
# Logs a device in over CoAP without encryption and publishes one message. Needs libcoap's client and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and COAP_PORT if they are not 127.0.0.1 and 5683; COAP_CLIENT is the name
# of the client: Debian calls it coap-client-notls, coap-client-openssl or coap-client-gnutls.
set -euo pipefail

client=${COAP_CLIENT:-coap-client}
url="coap://${HOST:-127.0.0.1}:${COAP_PORT:-5683}"
client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

# -t 50 is JSON. The client writes the code of a refusal, such as 4.01, to standard error, and exits 0 all the same.
login=$("$client" -B 10 -m post -t 50 "$url/auth" -e "{\"productKey\":\"$PRODUCT_KEY\",\"deviceName\":\"$DEVICE_NAME\",\
\"clientId\":\"$client_id\",\"signmethod\":\"hmacsha256\",\"sign\":\"$mac\"}" 2>&1)
token=$(printf %s "$login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "the login was refused: $login" >&2; exit 1; }

# The token travels in option 2088; -t 42 is a payload of bytes. A success has no payload.
answer=$("$client" -B 10 -m post -t 42 -O "2088,$token" -e "${1:-hello over CoAP}" \
  "$url/topic/$PRODUCT_KEY/$DEVICE_NAME/user/update" 2>&1)
[ -z "$answer" ] || { echo "the message was refused: $answer" >&2; exit 1; }
echo "published"
