#!/usr/bin/env bash
# Logs a device in over CoAP with AES in the payload and publishes two sealed messages. Needs libcoap's client and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET; HOST and COAP_PORT if they are not 127.0.0.1 and 5682; COAP_CLIENT is the name
# of the client: Debian calls it coap-client-notls, coap-client-openssl or coap-client-gnutls.
set -euo pipefail

client=${COAP_CLIENT:-coap-client}
url="coap://${HOST:-127.0.0.1}:${COAP_PORT:-5682}"
client_id="$PRODUCT_KEY.$DEVICE_NAME"
# In this mode a number, as text, is signed too.
seq=1A2B
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}seq${seq}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

login=$("$client" -B 10 -m post -t 50 "$url/auth" -e "{\"productKey\":\"$PRODUCT_KEY\",\"deviceName\":\"$DEVICE_NAME\",\
\"clientId\":\"$client_id\",\"signmethod\":\"hmacsha256\",\"seq\":\"$seq\",\"sign\":\"$mac\"}" 2>&1)
field() { printf %s "$login" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
token=$(field token) random=$(field random) offset=$(field seqOffset)
[ -n "$token" ] || { echo "the login was refused: $login" >&2; exit 1; }

# The key is bytes 8 to 23 of SHA-256("deviceSecret,random"): characters 17 to 48 of its hex text. The IV is always the text
# 543yhjy97ae7fyfg.
key=$(printf %s "$DEVICE_SECRET,$random" | openssl dgst -sha256 -r | cut -c17-48)
iv=35343379686a79393761653766796667
seal() { openssl enc -aes-128-cbc -K "$key" -iv "$iv"; }

publish() { # number, text
  local number answer
  number=$(printf %s "$1" | seal | od -An -tx1 | tr -d ' \n')
  answer=$(printf %s "$2" | seal | "$client" -B 10 -m post -t 42 -O "2088,$token" -O "2089,0x$number" -f - \
    "$url/topic/$PRODUCT_KEY/$DEVICE_NAME/user/update" 2>&1)
  [ -z "$answer" ] || { echo "message $1 was refused: $answer" >&2; exit 1; }
}
# The first message has the offset itself as its number, each further one the next.
publish "$offset" "${1:-hello over sealed CoAP}"
publish "$((offset + 1))" "and once more"
echo "published"
