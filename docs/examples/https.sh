#!/usr/bin/env bash
# Logs a device in over HTTPS and publishes one message. Needs curl and openssl.
# Environment: PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET, CA_FILE; HOST and HTTPS_PORT if they are not 127.0.0.1 and 8443.
set -euo pipefail

url="https://${HOST:-127.0.0.1}:${HTTPS_PORT:-8443}"
client_id="$PRODUCT_KEY.$DEVICE_NAME"
text="clientId${client_id}deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}"
mac=$(printf %s "$text" | openssl dgst -sha256 -hmac "$DEVICE_SECRET" -r | cut -d' ' -f1)

login=$(curl -sS --cacert "$CA_FILE" "$url/auth" -H 'Content-Type: application/json' -d "{\"productKey\":\"$PRODUCT_KEY\",\
\"deviceName\":\"$DEVICE_NAME\",\"clientId\":\"$client_id\",\"signmethod\":\"hmacsha256\",\"sign\":\"$mac\"}")
token=$(printf %s "$login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "the login was refused: $login" >&2; exit 1; }

answer=$(curl -sS --cacert "$CA_FILE" "$url/topic/$PRODUCT_KEY/$DEVICE_NAME/user/update" -H "password: $token" \
  -H 'Content-Type: application/octet-stream' --data-binary "${1:-hello over HTTPS}")
echo "$answer"
case "$answer" in '{"code":0,'*) ;; *) exit 1 ;; esac
