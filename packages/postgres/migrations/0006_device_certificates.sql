CREATE TABLE "x509_authorities" (
	"product_key" text collate "C" NOT NULL,
	"fingerprint" text collate "C" NOT NULL,
	"key_hash" text NOT NULL,
	"subject" text NOT NULL,
	"not_before_ms" bigint NOT NULL,
	"not_after_ms" bigint NOT NULL,
	"der" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "x509_authorities_product_key_fingerprint_pk" PRIMARY KEY("product_key","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "x509_certificates" (
	"fingerprint" text PRIMARY KEY NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"origin" text NOT NULL,
	"subject" text,
	"serial_number" text,
	"not_before_ms" bigint,
	"not_after_ms" bigint,
	"der" text,
	"issuer_key_hash" text,
	"created_at_ms" bigint NOT NULL,
	"first_used_at_ms" bigint,
	"revoked_at_ms" bigint,
	"revoked_why" text,
	"told_level" integer
);
--> statement-breakpoint
CREATE TABLE "x509_own_authority" (
	"id" integer PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"der" text NOT NULL,
	"sealed_key" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "x509_revocations" (
	"issuer_key_hash" text NOT NULL,
	"serial_number" text collate "C" NOT NULL,
	"revoked_at_ms" bigint NOT NULL,
	"why" text NOT NULL,
	CONSTRAINT "x509_revocations_issuer_key_hash_serial_number_pk" PRIMARY KEY("issuer_key_hash","serial_number")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "x509_version" integer;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "x509_version" integer;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "x509" jsonb;--> statement-breakpoint
ALTER TABLE "x509_authorities" ADD CONSTRAINT "x509_authorities_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "x509_certificates" ADD CONSTRAINT "x509_certificates_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "x509_certificates_device" ON "x509_certificates" USING btree ("product_key","device_name");--> statement-breakpoint
CREATE INDEX "x509_certificates_serial" ON "x509_certificates" USING btree ("issuer_key_hash","serial_number") WHERE "x509_certificates"."issuer_key_hash" is not null;--> statement-breakpoint
CREATE INDEX "x509_certificates_end" ON "x509_certificates" USING btree ("not_after_ms") WHERE "x509_certificates"."first_used_at_ms" is not null and "x509_certificates"."revoked_at_ms" is null;--> statement-breakpoint
CREATE INDEX "x509_revocations_serial" ON "x509_revocations" USING btree ("serial_number");