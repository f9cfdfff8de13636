CREATE TABLE "ota_versions" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"module" text collate "C" NOT NULL,
	"version" text NOT NULL,
	"since_ms" bigint NOT NULL,
	CONSTRAINT "ota_versions_pk" PRIMARY KEY("product_key","device_name","module")
);
--> statement-breakpoint
ALTER TABLE "ota_versions" ADD CONSTRAINT "ota_versions_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;