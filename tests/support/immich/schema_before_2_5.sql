-- What versions before 2.5 do not have: lines hidden by an edit.
alter table asset_ocr drop column "isVisible";
