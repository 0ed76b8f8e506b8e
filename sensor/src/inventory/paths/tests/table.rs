//! Paths of a few well-known kinds of API, with the routes that they are expected to have once
//! all paths of their host were seen: `METHOD path route`, the route left out where it is the path.

/// A forge: owners and repositories are words.
pub(super) const FORGE: &[&str] = &[
    "GET /user",
    "GET /user/repos",
    "GET /user/emails",
    "GET /user/keys/4711 /user/keys/{keyId}",
    "GET /users/octocat /users/{userId}",
    "GET /users/torvalds /users/{userId}",
    "GET /users/grace-hopper /users/{userId}",
    "GET /users/octocat/repos /users/{userId}/repos",
    "GET /users/ada99/repos /users/{userId}/repos",
    "GET /users/octocat/followers /users/{userId}/followers",
    "GET /users/linus/followers /users/{userId}/followers",
    "GET /orgs/acme /orgs/{orgId}",
    "GET /orgs/initech /orgs/{orgId}",
    "GET /orgs/acme/members /orgs/{orgId}/members",
    "GET /orgs/umbrella/members /orgs/{orgId}/members",
    "GET /orgs/initech/teams /orgs/{orgId}/teams",
    "GET /orgs/acme/teams /orgs/{orgId}/teams",
    "GET /repos/acme/widget /repos/{repoId}/{id}",
    "GET /repos/acme/gadget /repos/{repoId}/{id}",
    "GET /repos/octocat/hello-world /repos/{repoId}/{id}",
    "PATCH /repos/acme/widget /repos/{repoId}/{id}",
    "DELETE /repos/linus/toy /repos/{repoId}/{id}",
    "GET /repos/acme/widget/issues /repos/{repoId}/{id}/issues",
    "GET /repos/octocat/hello-world/issues /repos/{repoId}/{id}/issues",
    "GET /repos/linus/toy/issues /repos/{repoId}/{id}/issues",
    "GET /repos/linus/toy/issues/17 /repos/{repoId}/{id}/issues/{issueId}",
    "GET /repos/acme/gadget/issues/3/comments /repos/{repoId}/{id}/issues/{issueId}/comments",
    "POST /repos/acme/widget/issues /repos/{repoId}/{id}/issues",
    "GET /repos/ada99/engine/pulls /repos/{repoId}/{id}/pulls",
    "GET /repos/acme/gadget/pulls /repos/{repoId}/{id}/pulls",
    "GET /repos/acme/widget/commits/7fd1a60b01f91b314f59955a4e4d4e80d8edf11d \
     /repos/{repoId}/{id}/commits/{commitId}",
    "GET /repos/acme/widget/compare/main...topic \
     /repos/{repoId}/{id}/compare/{compareId}...{compareId2}",
    "GET /search/issues",
    "GET /search/users",
    "GET /search/repositories",
    "GET /rate_limit",
    "GET /emojis",
];

/// Payments: identifiers with prefixes.
pub(super) const PAYMENTS: &[&str] = &[
    "GET /v1/customers",
    "POST /v1/customers",
    "GET /v1/customers/search",
    "GET /v1/customers/cus_9s6XKzkNRiz8i3 /v1/customers/{customerId}",
    "POST /v1/customers/cus_Na6dX7aXxi11N4 /v1/customers/{customerId}",
    "DELETE /v1/customers/cus_9s6XKzkNRiz8i3 /v1/customers/{customerId}",
    "GET /v1/customers/cus_9s6XKzkNRiz8i3/sources/card_1NvcSO2eZvKYlo2C \
     /v1/customers/{customerId}/sources/{sourceId}",
    "GET /v1/charges/ch_3MmlLrLkdIwHu7ix0snN0B15 /v1/charges/{chargeId}",
    "POST /v1/charges/ch_3MmlLrLkdIwHu7ix0snN0B15/capture /v1/charges/{chargeId}/capture",
    "GET /v1/payment_intents/pi_3MtwBwLkdIwHu7ix28a3tqPa /v1/payment_intents/{paymentIntentId}",
    "POST /v1/payment_intents/pi_3MtwBwLkdIwHu7ix28a3tqPa/cancel \
     /v1/payment_intents/{paymentIntentId}/cancel",
    "GET /v1/balance",
    "GET /v1/balance/history",
    "GET /v1/invoices/in_1MtHbELkdIwHu7ixl4OzzPMv/lines /v1/invoices/{invoiceId}/lines",
    "GET /v1/invoices/upcoming",
    "GET /v1/country_specs",
    "GET /v1/country_specs/US /v1/country_specs/{countrySpecId}",
    "GET /v1/country_specs/DE /v1/country_specs/{countrySpecId}",
    "GET /v1/country_specs/FR /v1/country_specs/{countrySpecId}",
    "GET /v1/exchange_rates/usd /v1/exchange_rates/{exchangeRateId}",
    "GET /v1/exchange_rates/eur /v1/exchange_rates/{exchangeRateId}",
    "GET /v1/exchange_rates/jpy /v1/exchange_rates/{exchangeRateId}",
    "GET /v1/exchange_rates/gbp /v1/exchange_rates/{exchangeRateId}",
    "GET /v1/exchange_rates/sek /v1/exchange_rates/{exchangeRateId}",
    "GET /v1/reporting/report_runs/frr_1MrSOqLkdIwHu7ix \
     /v1/reporting/report_runs/{reportRunId}",
];

/// A cluster: namespaces and names of objects are words.
pub(super) const CLUSTER: &[&str] = &[
    "GET /api",
    "GET /api/v1",
    "GET /apis",
    "GET /apis/apps/v1",
    "GET /healthz",
    "GET /api/v1/pods",
    "GET /api/v1/nodes",
    "GET /api/v1/namespaces",
    "GET /api/v1/namespaces/kube-system /api/v1/namespaces/{namespaceId}",
    "GET /api/v1/namespaces/web-shop /api/v1/namespaces/{namespaceId}",
    "GET /api/v1/namespaces/shop/pods /api/v1/namespaces/{namespaceId}/pods",
    "GET /api/v1/namespaces/kube-system/pods /api/v1/namespaces/{namespaceId}/pods",
    "GET /api/v1/namespaces/billing/pods /api/v1/namespaces/{namespaceId}/pods",
    "GET /api/v1/namespaces/shop/pods/web-7d4b9c6f5d-x2k8q \
     /api/v1/namespaces/{namespaceId}/pods/{podId}",
    "GET /api/v1/namespaces/billing/pods/worker-0 \
     /api/v1/namespaces/{namespaceId}/pods/{podId}",
    "DELETE /api/v1/namespaces/shop/pods/web-7d4b9c6f5d-p9xw2 \
     /api/v1/namespaces/{namespaceId}/pods/{podId}",
    "GET /api/v1/namespaces/shop/pods/web-7d4b9c6f5d-x2k8q/log \
     /api/v1/namespaces/{namespaceId}/pods/{podId}/log",
    "GET /api/v1/namespaces/kube-system/pods/coredns-5d78c9869d-9lkqm/log \
     /api/v1/namespaces/{namespaceId}/pods/{podId}/log",
    "GET /api/v1/namespaces/shop/services /api/v1/namespaces/{namespaceId}/services",
    "GET /api/v1/namespaces/billing/services /api/v1/namespaces/{namespaceId}/services",
    "GET /apis/apps/v1/namespaces/shop/deployments \
     /apis/apps/v1/namespaces/{namespaceId}/deployments",
    "GET /apis/apps/v1/namespaces/billing/deployments \
     /apis/apps/v1/namespaces/{namespaceId}/deployments",
    "PATCH /apis/apps/v1/namespaces/shop/deployments/web \
     /apis/apps/v1/namespaces/{namespaceId}/deployments/{deploymentId}",
    "PATCH /apis/apps/v1/namespaces/billing/deployments/worker \
     /apis/apps/v1/namespaces/{namespaceId}/deployments/{deploymentId}",
];

/// A cloud's management: provider names with points, groups named by people.
pub(super) const MANAGEMENT: &[&str] = &[
    "GET /subscriptions",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups \
     /subscriptions/{subscriptionId}/resourceGroups",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/prod-rg \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}",
    "PUT /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/test-rg \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}",
    "DELETE /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/rg7 \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/prod-rg/providers/Microsoft.Batch/batchAccounts \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}/providers/Microsoft.Batch/batchAccounts",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/test-rg/providers/Microsoft.Batch/batchAccounts \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}/providers/Microsoft.Batch/batchAccounts",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/resourceGroups/rg7/providers/Microsoft.Storage/usages \
     /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupId}/providers/Microsoft.Storage/usages",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/providers/Microsoft.Batch/locations/westeurope/quotas \
     /subscriptions/{subscriptionId}/providers/Microsoft.Batch/locations/{locationId}/quotas",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/providers/Microsoft.Batch/locations/eastus/quotas \
     /subscriptions/{subscriptionId}/providers/Microsoft.Batch/locations/{locationId}/quotas",
    "GET /subscriptions/3f2504e0-4f89-41d3-9a0c-0305e82c3301/providers/Microsoft.Batch/locations/eastus2/quotas \
     /subscriptions/{subscriptionId}/providers/Microsoft.Batch/locations/{locationId}/quotas",
];

/// Functions behind a dated version.
pub(super) const FUNCTIONS: &[&str] = &[
    "GET /2015-03-31/functions",
    "GET /2015-03-31/functions/resize-image /2015-03-31/functions/{functionId}",
    "GET /2015-03-31/functions/send_mail /2015-03-31/functions/{functionId}",
    "DELETE /2015-03-31/functions/nightly /2015-03-31/functions/{functionId}",
    "GET /2015-03-31/functions/resize-image/configuration \
     /2015-03-31/functions/{functionId}/configuration",
    "GET /2015-03-31/functions/ingest/configuration \
     /2015-03-31/functions/{functionId}/configuration",
    "POST /2015-03-31/functions/ingest/invocations /2015-03-31/functions/{functionId}/invocations",
    "POST /2015-03-31/functions/send_mail/invocations \
     /2015-03-31/functions/{functionId}/invocations",
    "GET /2015-03-31/event-source-mappings",
    "GET /2015-03-31/event-source-mappings/14e0db71-5d35-4eb5-b481-8945cf9d10c2 \
     /2015-03-31/event-source-mappings/{eventSourceMappingId}",
];

/// Remote procedures.
pub(super) const PROCEDURES: &[&str] = &[
    "POST /api/chat.postMessage",
    "POST /api/chat.update",
    "POST /api/chat.delete",
    "GET /api/conversations.list",
    "GET /api/conversations.history",
    "POST /api/conversations.create",
    "GET /api/users.info",
    "GET /api/users.list",
    "GET /api/auth.test",
    "POST /api/files.upload",
    "GET /api/team.info",
    "POST /api/reactions.add",
    "GET /api/emoji.list",
    "POST /twirp/shop.Cart/AddItem",
    "POST /twirp/shop.Cart/RemoveItem",
    "POST /twirp/shop.Orders/PlaceOrder",
];

/// Verbs behind a colon.
pub(super) const VERBS: &[&str] = &[
    "POST /v1/projects/my-project/topics/order-events:publish \
     /v1/projects/{projectId}/topics/{topicId}:publish",
    "POST /v1/projects/my-project/topics/invoice-events:publish \
     /v1/projects/{projectId}/topics/{topicId}:publish",
    "POST /v1/projects/shop-prod-7/topics/mail-queue-2:publish \
     /v1/projects/{projectId}/topics/{topicId}:publish",
    "POST /v1/projects/shop-prod-7/subscriptions/mailer:pull \
     /v1/projects/{projectId}/subscriptions/{subscriptionId}:pull",
    "POST /v1/projects/lab42/subscriptions/archive-sub:pull \
     /v1/projects/{projectId}/subscriptions/{subscriptionId}:pull",
    "POST /v1/operations/8f14e45fceea167a5a36dedd4bea2543:cancel \
     /v1/operations/{operationId}:cancel",
    "POST /v1/documents:batchGet",
    "POST /v1/documents:commit",
];

/// `OData`.
pub(super) const ODATA: &[&str] = &[
    "GET /odata/Products",
    "GET /odata/Products(5) /odata/Products({productId})",
    "GET /odata/Products(77)/Category /odata/Products({productId})/Category",
    "GET /odata/People('russellwhyte') /odata/People('{personId}')",
    "GET /odata/People('scottketchum')/Friends /odata/People('{personId}')/Friends",
    "GET /odata/OrderItems(OrderID=1,ItemID=2) \
     /odata/OrderItems(OrderID={orderItemId},ItemID={orderItemId2})",
    "GET /odata/GetNearestAirport(lat=33,lon=-118) \
     /odata/GetNearestAirport(lat={getNearestAirportId},lon={getNearestAirportId2})",
    "GET /odata/$metadata",
    "GET /odata/Orders/$count",
];

/// A shop, with identifiers of many forms and with literals beside them.
pub(super) const SHOP: &[&str] = &[
    "GET /",
    "GET /favicon.ico",
    "GET /robots.txt",
    "GET /api/v2/health",
    "GET /api/v2/users",
    "GET /api/v2/users/me",
    "GET /api/v2/users/search",
    "GET /api/v2/users/42 /api/v2/users/{userId}",
    "PUT /api/v2/users/43 /api/v2/users/{userId}",
    "GET /api/v2/users/42/orders /api/v2/users/{userId}/orders",
    "GET /api/v2/users/me/orders",
    "GET /api/v2/users/alice@example.com /api/v2/users/{userId}",
    "GET /api/v2/orders/550e8400-e29b-41d4-a716-446655440000 /api/v2/orders/{orderId}",
    "GET /api/v2/orders/550E8400E29B41D4A716446655440000 /api/v2/orders/{orderId}",
    "GET /api/v2/orders/%7B550e8400-e29b-41d4-a716-446655440000%7D /api/v2/orders/{orderId}",
    "GET /api/v2/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV /api/v2/orders/{orderId}",
    "GET /api/v2/orders/507f1f77bcf86cd799439011 /api/v2/orders/{orderId}",
    "GET /api/v2/orders/2024-05-31 /api/v2/orders/{orderId}",
    "GET /api/v2/orders/export",
    "GET /api/v2/files/d41d8cd98f00b204e9800998ecf8427e /api/v2/files/{fileId}",
    "GET /api/v2/files/rL0Y20zC-Fzt72VPzMSk2A== /api/v2/files/{fileId}",
    "GET /api/v2/reports/report-42.pdf /api/v2/reports/report-{reportId}.pdf",
    "GET /api/v2/reports/report-43.pdf /api/v2/reports/report-{reportId}.pdf",
    "GET /api/v2/reports/annual.pdf",
    "GET /api/v2/invoices/1001.pdf /api/v2/invoices/{invoiceId}.pdf",
    "GET /api/v2/stores/48.1374,11.5755 /api/v2/stores/{storeId},{storeId2}",
    "GET /api/v2/products/1,2,3 /api/v2/products/{productId}",
    "GET /api/v2/products/7/reviews /api/v2/products/{productId}/reviews",
    "GET /api/v2/packages/lodash@4.17.21 /api/v2/packages/{packageId}@{packageId2}",
    "GET /api/v2/sessions/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln /api/v2/sessions/{sessionId}",
    "GET /api/v2/videos/dQw4w9WgXcQ /api/v2/videos/{videoId}",
    "GET /api/v2/cart;jsessionid=4F2A/items /api/v2/cart;{matrix}/items",
    "POST /api/v2/cart/checkout",
    "GET /api/v1/users/42 /api/v1/users/{userId}",
];

/// Versions that are numbers, and currencies.
pub(super) const MARKET: &[&str] = &[
    "GET /2/tweets/1460323737035677698 /2/tweets/{tweetId}",
    "GET /2/tweets/search/recent",
    "GET /2/users/2244994945/tweets /2/users/{userId}/tweets",
    "GET /3.0/lists",
    "GET /rest/api/3/issue/10002 /rest/api/3/issue/{issueId}",
    "GET /rest/api/3/issue/PROJ-7/comment /rest/api/3/issue/{issueId}/comment",
    "GET /rest/api/3/issue/PROJ-12/comment /rest/api/3/issue/{issueId}/comment",
    "GET /rest/api/3/issue/WEB-1/comment /rest/api/3/issue/{issueId}/comment",
    "GET /rest/api/3/issue/WEB-104 /rest/api/3/issue/{issueId}",
    "GET /v1/currencies/USD /v1/currencies/{currencyId}",
    "GET /v1/currencies/EUR /v1/currencies/{currencyId}",
    "GET /v1/currencies/JPY /v1/currencies/{currencyId}",
    "GET /v1/countries/de/cities /v1/countries/{countryId}/cities",
    "GET /v1/countries/fr/cities /v1/countries/{countryId}/cities",
    "GET /v1/countries/at/cities /v1/countries/{countryId}/cities",
    "GET /v1/countries/at /v1/countries/{countryId}",
    "GET /v1/countries/se /v1/countries/{countryId}",
];
