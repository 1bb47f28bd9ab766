"""Crawls a site with Scrapy: python3 scrapy_crawl.py URL"""

import sys
import urllib.parse

from scrapy import Spider
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor


class Site(Spider):
    name = "site"
    start_urls = sys.argv[1:2]
    allowed_domains = [urllib.parse.urlsplit(sys.argv[1]).hostname]
    links = LinkExtractor()

    def parse(self, response):
        yield {"url": response.url, "title": response.css("title::text").get()}
        yield from response.follow_all(self.links.extract_links(response))


settings = {"CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "DOWNLOAD_DELAY": 0}
settings |= {"ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "AUTOTHROTTLE_ENABLED": False}
process = CrawlerProcess(settings | {"FEEDS": {sys.argv[2]: {"format": "jsonlines"}}})
process.crawl(Site)
process.start()
