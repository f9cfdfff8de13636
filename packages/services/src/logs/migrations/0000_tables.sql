CREATE TABLE "log_records" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"position" bigint NOT NULL,
	"received_at_ms" bigint NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "log_records_pk" PRIMARY KEY("product_key","device_name","position")
);
--> statement-breakpoint
CREATE TABLE "log_switches" (
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"is_on" boolean NOT NULL,
	CONSTRAINT "log_switches_pk" PRIMARY KEY("product_key","device_name")
);
--> statement-breakpoint
ALTER TABLE "log_records" ADD CONSTRAINT "log_records_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_switches" ADD CONSTRAINT "log_switches_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;