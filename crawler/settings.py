"""Scrapy's settings. What depends on the site (contact, delay, limits) is set by ``crawler.plan``; each line here says
what it costs the crawled site or the reader."""

from __future__ import annotations

BOT_NAME = "bewaar"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# The loop the crawler runs on; uvloop halves what the loop itself costs.
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
ASYNCIO_EVENT_LOOP = "uvloop.Loop"

# Every byte goes through the tee; nothing else may fetch.
DOWNLOAD_HANDLERS = {
    "http": "crawler.capture.handler.WarcDownloadHandler",
    "https": "crawler.capture.handler.WarcDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
SCHEDULER = "crawler.scheduler.FrontierScheduler"
DOWNLOADER = "crawler.politeness.downloader.PoliteDownloader"

# Scrapy's own, without those that print or open what nobody asked for; one that is switched off is still imported, and
# the remote control would bring a web server.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
EXTENSIONS = {
    "crawler.capture.extension.CaptureExtension": 10,
    "crawler.spiders.reader.ReaderExtension": 20,
    "crawler.spiders.limits.LimitsExtension": 30,
}
# Both run code for whoever connects.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Scrapy's own resolver knows IPv4 only.
TWISTED_DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"

# The archive wants every answer as it came: redirects and retries are the frontier's, bodies are decoded by the reader.
DOWNLOADER_MIDDLEWARES_BASE = {
    "crawler.politeness.robots.RobotsMiddleware": 100,
    "crawler.spiders.login.LoginMiddleware": 200,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "crawler.politeness.cookies.FirstCookieMiddleware": 700,
    "crawler.spiders.credentials.CredentialsMiddleware": 710,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
HTTPCACHE_ENABLED = False

# The delay between two requests to a host is a floor: jitter would go below it.
DOWNLOAD_DELAY_JITTER = 0
# One request at a time to a host, one second apart, unless a profile says otherwise.
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
ROBOTSTXT_OBEY = True
# Scrapy starts this many tasks per response, also for none (scrapy#5182); facts per page are few.
CONCURRENT_ITEMS = 1
# How long is waited for a connection, and for an answer's next KiB; past it the answer is asked for again.
WARC_IDLE_S = 60
# A page that takes longer in all is kept as far as it came, marked WARC-Truncated: time.
WARC_TOTAL_S = 1200
# Certificates are verified; a profile may fall back, and the warcinfo record says so.
DOWNLOAD_VERIFY_CERTIFICATES = True
# Sizes are limited in the tee, where the record is marked; Scrapy sees only the first bytes of a large body.
DOWNLOAD_MAXSIZE = 0
DOWNLOAD_WARNSIZE = 0

# Of users and passwords for proxies: no other can hold every password, and it is what is looked for to be masked.
HTTPPROXY_AUTH_ENCODING = "utf-8"

# The library would otherwise fetch the public suffix list, unarchived.
TLDEXTRACT_SUFFIX_LIST_URLS: tuple[str, ...] = ()

# One line per URL is the crawl log's work, which stands in the WARC.
LOG_LEVEL = "INFO"
LOG_FORMATTER = "crawler.spiders.site.QuietLogFormatter"
STATS_DUMP = False
# The warcinfo record names them; finding out the platform starts a process.
LOG_VERSIONS: list[str] = []
