//! Words of names, as texts to be split at spaces or commas.

/// Words that may follow the noun.
pub(super) const TAIL: &str = "number no num nr value text string str raw plain full line field input \
    home work office mobile business personal primary secondary main alt alternate other old new \
    confirmation confirm repeat again current previous original address list code 1 2 3 4 one two three s";

/// Whose data a name may speak of before the kind, written as one word: `customeremail`.
pub(super) const OWNERS: &str = "user customer customers client contact patient billing shipping home \
    work my account member owner sender recipient employee person guest buyer seller primary secondary \
    old new current admin login business personal emergency delivery mailing residential db x";

/// Who has a name: of `owner.name` it is that of a person.
pub(super) const PERSONS: &str = "user customer client patient person people employee owner author assignee \
    contact student teacher doctor physician driver passenger guest sender recipient buyer seller candidate \
    applicant subscriber borrower cardholder beneficiary manager creator reviewer attendee traveler traveller \
    insured spouse parent child dependent payer payee holder resident tenant donor lead instructor";

/// Ways to write a word short.
pub(super) const SHORT: &[(&str, &str)] = &[
    ("acct", "account"),
    ("addr", "address"),
    ("nbr", "number"),
    ("no", "number"),
    ("nr", "number"),
    ("num", "number"),
    ("nummer", "number"),
];

/// What names of times end in.
pub(super) const TIMES: &str = "ts timestamp time at date us ms ns nanos micros millis seconds created \
    updated modified epoch on since until duration ttl";

/// What names of numbers of things end in.
pub(super) const THINGS: &str = "id ids uuid guid oid order invoice ticket batch sequence seq serial version \
    revision offset cursor hash checksum sku ean gtin upc barcode isbn tracking snowflake count total size \
    index event";

/// Phrases that end like a kind's and mean something else.
pub(super) const OTHER_THINGS: &str = "contract address,memory address,email address id,network address,\
    broadcast address,base address,server address,bind address,listen address,host address,web address,\
    site address,page token,next page token,continuation token,next token,cursor token,csrf token,\
    xsrf token,sync token,pagination token,host ip,cluster ip,gateway ip,service ip,token count,sort key,\
    partition key,primary key,foreign key,public key,idempotency key,cache key,object key,routing key,\
    public token,device token,job position,position,stock location,product location,file location,\
    job location,time zone,business card,graphics card,sim card,sd card,gift card,score card,max tokens,\
    tokens,bounding box,model number,part number,serial number,order number,invoice number,\
    tracking number,reference number,phone model,car model,boarding pass,compass,bypass,\
    software license number,pass count,token expiry,session expiry,link expiry,key expiry,\
    password expiry,cache expiry,event name,group name";
