DROP INDEX "x509_revocations_serial";--> statement-breakpoint
ALTER TABLE "x509_revocations" DROP CONSTRAINT "x509_revocations_issuer_key_hash_serial_number_pk";--> statement-breakpoint
ALTER TABLE "x509_revocations" ADD COLUMN "product_key" text collate "C" NOT NULL;--> statement-breakpoint
ALTER TABLE "x509_revocations" ADD CONSTRAINT "x509_revocations_product_key_serial_number_issuer_key_hash_pk" PRIMARY KEY("product_key","serial_number","issuer_key_hash");--> statement-breakpoint
ALTER TABLE "x509_revocations" ADD CONSTRAINT "x509_revocations_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "x509_revocations_list" ON "x509_revocations" USING btree ("product_key","issuer_key_hash","serial_number");