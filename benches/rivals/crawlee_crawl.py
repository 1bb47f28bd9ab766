"""Crawls a site with crawlee: python3 crawlee_crawl.py URL"""

import asyncio
import logging
import sys

from crawlee import ConcurrencySettings
from crawlee.crawlers import ParselCrawler


async def main():
    crawler = ParselCrawler(
        respect_robots_txt_file=True,
        configure_logging=False,
        concurrency_settings=ConcurrencySettings(desired_concurrency=64, max_concurrency=64),
    )

    @crawler.router.default_handler
    async def page(context):
        await context.push_data({"url": context.request.url, "title": context.selector.css("title::text").get()})
        await context.enqueue_links()

    await crawler.run(sys.argv[1:2])


logging.disable()
asyncio.run(main())
