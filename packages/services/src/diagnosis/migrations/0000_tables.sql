CREATE TABLE "diagnoses" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"records" jsonb NOT NULL,
	CONSTRAINT "diagnoses_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "diagnoses" ADD CONSTRAINT "diagnoses_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;