//! Groups of users of `VoiceIt`'s API.

use super::VoiceIt;
use crate::clients::client::Client;
use crate::clients::permission::WholeAccount;
use crate::clients::voiceit::VoiceItError;
use crate::store::Group;
use crate::wire::GroupView;

/// Longest description of a group, in characters.
const MOST_DESCRIPTION: usize = 500;

impl VoiceIt {
    /// Makes a group; its id.
    ///
    /// # Errors
    /// [`VoiceItError::Store`].
    pub async fn new_group(&self, client: &Client<WholeAccount>, description: &str) -> Result<String, VoiceItError> {
        let description: String = description.chars().take(MOST_DESCRIPTION).collect();
        Ok(self.cx.store.new_group(client.tenant(), &description, self.cx.now()).await?)
    }

    /// The client's groups, or those of one user.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub async fn groups(
        &self,
        client: &Client<WholeAccount>,
        user: Option<&str>,
    ) -> Result<Vec<GroupView>, VoiceItError> {
        let of = match user {
            Some(user) => Some(self.user(client, user).await?.id),
            None => None,
        };
        let groups = self.cx.store.groups(client.tenant(), of, None).await?;
        Ok(groups.into_iter().map(GroupView::from).collect())
    }

    /// One group.
    ///
    /// # Errors
    /// [`VoiceItError::Absent`].
    pub async fn group(&self, client: &Client<WholeAccount>, id: &str) -> Result<GroupView, VoiceItError> {
        let found = self.cx.store.groups(client.tenant(), None, Some(id)).await?;
        found.into_iter().next().map(GroupView::from).ok_or(VoiceItError::Absent("group"))
    }

    /// Deletes a group; its users stay.
    ///
    /// # Errors
    /// [`VoiceItError::Absent`].
    pub async fn delete_group(&self, client: &Client<WholeAccount>, id: &str) -> Result<(), VoiceItError> {
        let is_gone = self.cx.store.delete_group(client.tenant(), id).await?;
        if is_gone { Ok(()) } else { Err(VoiceItError::Absent("group")) }
    }

    /// Puts a user into a group, or takes them out.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`]; [`VoiceItError::Absent`] without the group, or a user in it to take out.
    pub async fn member(
        &self,
        client: &Client<WholeAccount>,
        group: &str,
        user: &str,
        is_in: bool,
    ) -> Result<(), VoiceItError> {
        let caller = self.user(client, user).await?;
        match self.cx.store.set_member(client.tenant(), group, caller.id, is_in).await? {
            None => Err(VoiceItError::Absent("group")),
            Some(false) if !is_in => Err(VoiceItError::Absent("user in that group")),
            Some(_) => Ok(()),
        }
    }
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            group_id: group.id,
            description: group.description,
            created_at: group.made_at.as_millisecond(),
            users: group.users,
        }
    }
}
