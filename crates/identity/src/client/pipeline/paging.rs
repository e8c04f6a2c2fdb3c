//! Paged lists as streams.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::message::Request;
use super::{Error, Pipeline};

/// One page as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
#[non_exhaustive]
pub struct Page<T> {
    /// The items; may be empty on any page.
    pub value: Vec<T>,
    /// Where the next page is; none on the last.
    #[serde(default)]
    pub next_link: Option<String>,
}

/// A list that is fetched page by page while it is read, item by item. After an error it ends.
///
/// At most one page is held. [`by_page`](Self::by_page) gives the pages instead.
#[must_use = "a stream does nothing unless read"]
pub struct Pager<T> {
    pages: BoxStream<'static, Result<Page<T>, Error>>,
    items: VecDeque<T>,
}

/// What to fetch next.
enum Next {
    First(Box<Result<Request, Error>>),
    Link(String),
    Nothing,
}

impl<T: DeserializeOwned + Send + 'static> Pager<T> {
    /// The list that begins with the answer to this request.
    pub fn new(pipeline: Pipeline, first: Request) -> Self {
        Self::lazy(pipeline, Ok(first))
    }

    /// The same; an error in making the request comes out of the stream.
    pub fn lazy(pipeline: Pipeline, first: Result<Request, Error>) -> Self {
        let pages = stream::try_unfold(Next::First(Box::new(first)), move |next| {
            let pipeline = pipeline.clone();
            async move { fetch(&pipeline, next).await }
        });
        Self {
            pages: pages.boxed(),
            items: VecDeque::new(),
        }
    }
}

impl<T> Pager<T> {
    /// The pages instead of the items.
    pub fn by_page(self) -> BoxStream<'static, Result<Page<T>, Error>> {
        self.pages
    }
}

async fn fetch<T: DeserializeOwned>(
    pipeline: &Pipeline,
    next: Next,
) -> Result<Option<(Page<T>, Next)>, Error> {
    let (request, here) = match next {
        Next::First(request) => ((*request)?, None),
        Next::Link(link) => (pipeline.request_link(&link)?, Some(link)),
        Next::Nothing => return Ok(None),
    };
    let mut page: Page<T> = pipeline.json(request, &[200]).await?;
    page.next_link = page.next_link.filter(|link| !link.is_empty());
    if page.next_link.is_some() && page.next_link == here {
        return Err(Error::UnexpectedAnswer("nextLink leads back to the same page"));
    }
    let next = page.next_link.clone().map_or(Next::Nothing, Next::Link);
    Ok(Some((page, next)))
}

impl<T: Unpin> Stream for Pager<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match std::task::ready!(self.pages.poll_next_unpin(context)) {
                Some(Ok(page)) => self.items = page.value.into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}
