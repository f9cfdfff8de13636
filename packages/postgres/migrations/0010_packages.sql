CREATE TABLE "package_devices" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"package_id" text NOT NULL,
	"burned_at_ms" bigint,
	CONSTRAINT "package_devices_product_key_device_name_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
CREATE TABLE "packages" (
	"package_id" text PRIMARY KEY NOT NULL,
	"batch_id" text NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"recipient" text NOT NULL,
	"receipt_key" text NOT NULL,
	"status" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "package_devices" ADD CONSTRAINT "package_devices_package_id_packages_package_id_fk" FOREIGN KEY ("package_id") REFERENCES "public"."packages"("package_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "package_devices" ADD CONSTRAINT "package_devices_device" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "package_devices_package" ON "package_devices" USING btree ("package_id","device_name");--> statement-breakpoint
CREATE INDEX "packages_batch" ON "packages" USING btree ("batch_id","created_at_ms");--> statement-breakpoint
CREATE INDEX "packages_voiding" ON "packages" USING btree ("created_at_ms") WHERE "packages"."status" = 'voiding';