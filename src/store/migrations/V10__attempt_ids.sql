-- Uploads are kept under an attempt's id ("AT" and 32 hex digits) from now on, and with the API key that they came by.
-- Those of before keep the id that their sealed takes are bound to, in the form of a call's.
ALTER TABLE calls ADD COLUMN api_key TEXT;
