-- What versions before 3.1 do not have: OCR's change feed.
drop trigger asset_ocr_delete_audit on asset_ocr;
drop table asset_ocr_audit;
alter table asset_ocr drop column "updateId";
