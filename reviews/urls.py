from django.urls import path

from reviews.views import chat, comment, finish, hq, review

urlpatterns = [
    path("", hq.hq, name="hq"),
    path("hq/count/", hq.hq_count, name="hq-count"),
    path("hq/act/", hq.hq_act, name="hq-act"),
    path("hq/messages/<str:message_id>/reply/", hq.hq_reply, name="hq-reply"),
    path("phases/<str:phase_id>/review/", review.phase_review, name="phase-review"),
    path("phases/<str:phase_id>/review/file/", review.review_file, name="phase-review-file"),
    path("phases/<str:phase_id>/review/counts/", review.review_counts, name="phase-review-counts"),
    path("phases/<str:phase_id>/review/bar/", review.review_bar, name="phase-review-bar"),
    path("phases/<str:phase_id>/review/approve/", review.approve, name="phase-approve-review"),
    path("phases/<str:phase_id>/review/changes/", review.changes, name="phase-request-changes"),
    path("phases/<str:phase_id>/review/comment/", comment.comment_form, name="comment-form"),
    path("phases/<str:phase_id>/review/comments/", comment.comment_create, name="comment-create"),
    path("review-comments/<str:comment_id>/reply/", comment.comment_reply, name="comment-reply"),
    path("review-comments/<str:comment_id>/edit/", comment.comment_edit, name="comment-edit"),
    path("review-comments/<str:comment_id>/delete/", comment.comment_delete, name="comment-delete"),
    path("review-comments/<str:comment_id>/resolve/", comment.comment_resolve, name="comment-resolve"),
    path("review-comments/<str:comment_id>/unresolve/", comment.comment_unresolve, name="comment-unresolve"),
    path("initiatives/<str:initiative_id>/finish/", finish.initiative_finish, name="initiative-finish"),
    path("initiatives/<str:initiative_id>/finish/file/", finish.finish_file, name="initiative-finish-file"),
    path("initiatives/<str:initiative_id>/finish/counts/", finish.finish_counts, name="initiative-finish-counts"),
    path("initiatives/<str:initiative_id>/finish/changes/", finish.finish_changes, name="initiative-changes"),
    path("chat/start/", chat.chat_start, name="chat-start"),
    path("chat/<str:chat_id>/", chat.chat, name="chat"),
    path("chat/<str:chat_id>/send/", chat.chat_send, name="chat-send"),
    path("chat/<str:chat_id>/retry/", chat.chat_retry, name="chat-retry"),
    path("chat/<str:chat_id>/close/", chat.chat_close, name="chat-close"),
]
