#!/usr/bin/env bash
# Asks for the secret of a device that has none yet, over HTTPS, and prints the answer. Needs curl and openssl.
# Environment: PRODUCT_KEY, PRODUCT_SECRET, DEVICE_NAME, CA_FILE; HOST and HTTPS_PORT if they are not 127.0.0.1 and 8443.
set -euo pipefail

url="https://${HOST:-127.0.0.1}:${HTTPS_PORT:-8443}"
random=$(openssl rand -hex 12)
text="deviceName${DEVICE_NAME}productKey${PRODUCT_KEY}random${random}"
sign=$(printf %s "$text" | openssl dgst -sha256 -hmac "$PRODUCT_SECRET" -r | cut -d' ' -f1)

answer=$(curl -sS --cacert "$CA_FILE" "$url/auth/register/device" -d "productKey=$PRODUCT_KEY" -d "deviceName=$DEVICE_NAME" \
  -d "random=$random" -d "sign=$sign" -d signMethod=hmacsha256)
echo "$answer"
case "$answer" in '{"code":200,'*) ;; *) exit 1 ;; esac
